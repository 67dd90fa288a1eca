package examples_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// majors are the minimum major versions of the images.
var majors = map[string]int{"jaegertracing/jaeger": 2, "openzipkin/zipkin": 3, "otel/opentelemetry-collector-contrib": 0, "spanroute-quickstart": 0, "": 0}

func checkMajor(t *testing.T, file, image string) {
	t.Helper()
	name, version, _ := strings.Cut(image, ":")
	major, _, _ := strings.Cut(version, ".")
	minimum, known := majors[name]
	if got, _ := strconv.Atoi(major); !known || got < minimum {
		t.Errorf("%s: image %q, want an image and a major version of %v", file, image, majors)
	}
}

// checkComposeService checks that only this machine can reach a service of a compose file.
func checkComposeService(t *testing.T, file, name string, service any) {
	t.Helper()
	for _, published := range list(path(service, "ports")) {
		if port := text(published); !strings.HasPrefix(port, "127.0.0.1:") || strings.Count(port, ":") != 2 {
			t.Errorf("%s: %s publishes %v, want a port of 127.0.0.1", file, name, published)
		}
	}
	for _, open := range []string{"network_mode", "privileged", "cap_add", "pid"} {
		if got := path(service, open); got != nil {
			t.Errorf("%s: %s has %s: %v", file, name, open, got)
		}
	}
	if !gocmp.Equal(path(service, "cap_drop"), []any{"ALL"}) || !gocmp.Equal(path(service, "security_opt"), []any{"no-new-privileges:true"}) {
		t.Errorf("%s: %s keeps capabilities or may gain some", file, name)
	}
}

// The image holds the program and the roots of certificate authorities, runs as another user than root, and does not
// mount the trace page.
func TestImage(t *testing.T) {
	content, err := os.ReadFile("quickstart/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, image, ok := strings.Cut(string(content), "\nFROM scratch\n")
	if !ok {
		t.Fatal("the image is not built from scratch")
	}
	for _, want := range []string{`(?m)^COPY --from=build \S+ /etc/ssl/certs/ca-certificates.crt$`, `(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`, `(?m)^ENTRYPOINT `} {
		if !regexp.MustCompile(want).MatchString(image) {
			t.Errorf("the image lacks %s", want)
		}
	}
	if regexp.MustCompile(`(?m)^(ENTRYPOINT|CMD).*page-host`).MatchString(image) {
		t.Error("the image mounts the trace page")
	}
}
