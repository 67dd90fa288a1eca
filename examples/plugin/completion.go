package lines

import "github.com/spanroute/spanroute/registry"

// complete completes the settings before they are checked: here it only names the destination for `spanroute validate`.
func complete(s *Settings, c *registry.Completion) { c.Destination = s.Path }
