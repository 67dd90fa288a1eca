package receivers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// A tier is one Collector of a [Chain]: where it receives, and where its health is probed.
type tier struct{ name, otlp, health string }

var (
	chainAgents = [...]tier{
		{"collector-agent", "127.0.0.1:28317", "127.0.0.1:28318"},
		{"collector-agent", "127.0.0.1:28417", "127.0.0.1:28418"},
	}
	chainGateways = [...]tier{
		{"collector-gateway", "127.0.0.1:28517", "127.0.0.1:28518"},
		{"collector-gateway", "127.0.0.1:28617", "127.0.0.1:28618"},
	}
)

// Chain is a running chain of OpenTelemetry Collectors with the configurations of examples/kubernetes: two agents, as on two
// nodes, that balance the load by trace id over two gateways, which sample by the tail.
//
// What differs from the configurations is given as flags: addresses, and the list of gateways, which the agents otherwise
// look up in the name service of the cluster.
type Chain struct {
	// Sinks receive what each gateway keeps, in place of the backend.
	Sinks [2]*Sink

	peers, manifests, dir string
	agents, gateways      []*process
}

// StartChain starts the chain. peers is the directory of that name, and manifests is examples/kubernetes.
func StartChain(peers, manifests string) (c *Chain, err error) {
	c = &Chain{peers: peers, manifests: manifests}
	if c.dir, err = os.MkdirTemp("", "spanroute-e2e-"); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Chain) start() (err error) {
	for i, gateway := range chainGateways {
		if c.Sinks[i], err = StartSink(); err != nil {
			return err
		}
		p, err := c.run(gateway, "exporters.otlp_grpc.endpoint="+c.Sinks[i].Address())
		if err != nil {
			return err
		}
		c.gateways = append(c.gateways, p)
	}
	for _, agent := range chainAgents {
		p, err := c.run(agent, "exporters.load_balancing.resolver.dns.enabled=false",
			fmt.Sprintf("exporters.load_balancing.resolver.static.hostnames=[%s, %s]", chainGateways[0].otlp, chainGateways[1].otlp))
		if err != nil {
			return err
		}
		c.agents = append(c.agents, p)
	}
	return nil
}

// run starts a Collector with the configuration in its manifest and the given settings in place of those in it.
func (c *Chain) run(t tier, set ...string) (*process, error) {
	if err := free(t.otlp, t.health); err != nil {
		return nil, err
	}
	text, err := ConfigMap(filepath.Join(c.manifests, t.name+".yaml"), "config.yaml")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.dir, t.name+".yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(c.peers, "bin", "otelcol"), "--config", file)
	for _, s := range append(set,
		"receivers.otlp.protocols.grpc.endpoint="+t.otlp,
		"extensions.health_check.endpoint="+t.health,
		"service.telemetry.metrics.level=none") {
		command.Args = append(command.Args, "--set="+s)
	}
	return run(command, t.name, func(ctx context.Context) bool { return healthy(ctx, "http://"+t.health) })
}

// healthy is the probe of the pods.
func healthy(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	client := http.Client{Timeout: time.Second}
	response, err := client.Do(request)
	return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// Agent returns the endpoint of the agent on one of the two nodes.
func (c *Chain) Agent(node int) string { return "http://" + chainAgents[node].otlp }

// Stop ends the agents, then the gateways, then the sinks. The Collectors hand on the spans that they hold, so that afterwards
// the sinks have all that they will ever receive. Stop may be called again.
func (c *Chain) Stop() error {
	var errs []error
	for _, p := range slices.Concat(c.agents, c.gateways) {
		errs = append(errs, p.stop())
	}
	for _, s := range c.Sinks {
		if s != nil {
			s.Stop()
		}
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// ConfigMap returns a file in the only ConfigMap of a Kubernetes manifest.
func ConfigMap(manifest, name string) (text string, err error) {
	content, err := os.ReadFile(manifest)
	if err != nil {
		return "", err
	}
	found := 0
	for decoder := yaml.NewDecoder(bytes.NewReader(content)); ; {
		var document struct {
			Kind string
			Data map[string]string
		}
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", manifest, err)
		}
		if document.Kind == "ConfigMap" {
			found++
			text = document.Data[name]
		}
	}
	if found != 1 || text == "" {
		return "", fmt.Errorf("%s: %d documents of kind ConfigMap, want one with a file %s", manifest, found, name)
	}
	return text, nil
}
