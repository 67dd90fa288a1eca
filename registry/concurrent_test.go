package registry_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPluginCodeMayUseTheRegistry(t *testing.T) {
	var r registry.Registry
	var once sync.Once
	defaults := func() lines {
		once.Do(func() {
			if err := r.Register(factory("second")); err != nil {
				t.Error(err)
			}
		})
		_ = r.Names()
		return lineDefaults()
	}
	if err := r.Register(registry.NewFactory("first", defaults, build)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := r.Prepare("first", nil)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil || len(r.Names()) != 2 {
			t.Errorf("Prepare = %v, names %v", err, r.Names())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a factory that registers another one blocks")
	}
}

func TestASlowPluginDoesNotBlockTheRegistry(t *testing.T) {
	var r registry.Registry
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := func() lines {
		close(entered)
		<-leave
		return lineDefaults()
	}
	if err := r.Register(registry.NewFactory("slow", slow, build)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = r.Describe("slow") }()
	<-entered
	if err := r.Register(factory("quick")); err != nil {
		t.Error(err)
	}
	if _, err := r.Prepare("quick", nil); err != nil {
		t.Error(err)
	}
	close(leave)
	<-done
}

func TestConcurrentUse(t *testing.T) {
	var r registry.Registry
	var wg sync.WaitGroup
	won := make(chan string, 64)
	for i := range 16 {
		wg.Go(func() {
			name := fmt.Sprintf("x%d", i%4)
			if r.Register(factory(name, registry.WithAlias(name+"_alias"))) == nil {
				won <- name
			}
			_ = r.RegisterPropagator(name, newHeader)
			for range 20 {
				_ = r.Names()
				_ = r.PropagatorNames()
				_, _ = r.Propagator("x1")
				_, _ = r.Describe("x1")
				if open, err := r.Prepare("x2_alias", m{"names": "a,b"}); err == nil {
					_, _ = open(context.Background(), registry.BuildContext{})
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"x0", "x1", "x2", "x3"}, r.Names()); diff != "" || len(won) != 4 {
		t.Errorf("%d factories won (-want +got):\n%s", len(won), diff)
	}
}

// runs counts the runs of the test below: the default registry never forgets a name.
var runs atomic.Int32

func TestDefaultRegistryPanicsOnADuplicate(t *testing.T) {
	name := fmt.Sprintf("registry_test_plugin_%d", runs.Add(1))
	registry.Register(factory(name))
	defer func() {
		if r := recover(); r != fmt.Sprintf("spanroute: exporter %q is already registered", name) {
			t.Errorf("panic %v", r)
		}
		if d, err := registry.Default().Describe(name); err != nil || d.Name != name {
			t.Errorf("Describe = %v, %v", d, err)
		}
	}()
	registry.Register(factory(name))
}
