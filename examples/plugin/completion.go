package lines

import "github.com/spanroute/spanroute/registry"

// complete runs before the settings are checked. It sets the destination that `spanroute validate` prints.
func complete(s *Settings, c *registry.Completion) { c.Destination = s.Path }
