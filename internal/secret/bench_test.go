package secret_test

import (
	"testing"

	"github.com/spanroute/spanroute/internal/secret"
)

func BenchmarkName(b *testing.B) {
	for _, name := range []string{"q", "page", "fields", "redirect_uri", "X-Amz-Algorithm", "access_token"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				secret.Name(name)
			}
		})
	}
}
