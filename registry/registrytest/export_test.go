package registrytest

import "github.com/spanroute/spanroute/registry"

// Faults runs every check and returns the faults by the name of the check.
func Faults(f registry.Factory, valid map[string]any) map[string][]string {
	found := map[string][]string{}
	for _, c := range checks {
		if faults := c.faults(f, valid); len(faults) > 0 {
			found[c.name] = faults
		}
	}
	return found
}
