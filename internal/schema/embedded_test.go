package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// TLSFiles is a group of keys that several sections share.
type TLSFiles struct {
	Cert string `koanf:"cert_file" format:"pem" with:"key_file" doc:"certificate"`
	Key  string `koanf:"key_file" format:"pem" with:"cert_file" doc:"private key"`
}

// retries is another group. The name of its type is not exported, its fields are.
type retries struct {
	Count int `koanf:"retries" range:"1.." doc:"how often"`
}

type embedding struct {
	Host string `koanf:"host" doc:"where to"`
	TLSFiles
	GRPC struct {
		TLSFiles
		retries
		Token string `koanf:"token" secret:"true" doc:"who"`
	} `koanf:"grpc"`
}

func embeddingDefaults() embedding {
	e := embedding{Host: "localhost"}
	e.GRPC.Count = 3
	return e
}

func TestEmbeddedStructsAreFlattened(t *testing.T) {
	s, err := schema.Of(embeddingDefaults)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, k := range s.Keys() {
		paths = append(paths, k.Path)
	}
	if want := []string{"host", "cert_file", "key_file", "grpc.cert_file", "grpc.key_file", "grpc.retries", "grpc.token"}; !cmp.Equal(want, paths) {
		t.Errorf("keys (-want +got):\n%s", cmp.Diff(want, paths))
	}
	if k, _, _ := s.Lookup("grpc.key_file"); k.With != "grpc.cert_file" {
		t.Errorf("grpc.key_file belongs with %q, want the key of its own section", k.With)
	}

	e := embeddingDefaults()
	section := map[string]any{"key_file": "k.pem", "grpc": map[string]any{"cert_file": "c.pem", "retries": 5, "token": "hunter2"}}
	if err := s.Decode(section, &e); err != nil {
		t.Fatal(err)
	}
	if e.Key != "k.pem" || e.GRPC.Cert != "c.pem" || e.GRPC.Count != 5 {
		t.Errorf("decoded %+v", e)
	}
	want := map[string]any{"host": "localhost", "cert_file": "", "key_file": "k.pem",
		"grpc": map[string]any{"cert_file": "c.pem", "key_file": "", "retries": 5, "token": "hunter2"}}
	if got := s.Section(e); !cmp.Equal(want, got) {
		t.Errorf("section (-want +got):\n%s", cmp.Diff(want, got))
	}
	if got := s.Copy(e).(embedding); got != e {
		t.Errorf("copy %+v, want %+v", got, e)
	}
	var missing []string
	for _, f := range s.Unpaired(e) {
		for _, k := range settings.KeyErrors(f) {
			missing = append(missing, k.Key)
		}
	}
	if want := []string{"cert_file", "grpc.key_file"}; !cmp.Equal(want, missing) {
		t.Errorf("missing %v, want %v", missing, want)
	}
}

func TestEmbeddedStructsThatCannotBeSettings(t *testing.T) {
	checkFaults(t, "twice in one section", of[struct {
		TLSFiles
		Cert string `koanf:"cert_file"`
	}](), "two fields have the key cert_file")
	checkFaults(t, "a pointer", of[struct {
		*TLSFiles
	}](), "TLSFiles has no koanf tag")
	checkFaults(t, "without keys", of[struct {
		Empty
	}](), "Empty: schema_test.Empty cannot be decoded")
}

// Empty is a struct without keys.
type Empty struct{}
