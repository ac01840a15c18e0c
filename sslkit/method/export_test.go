package method

import (
	"context"

	"github.com/gossl/gossl/sslkit/internal/kmeans"
)

// PauseFrom is SMoG's pause with k-means started at given projections, such as those of a
// reference.
func (m SMoG) PauseFrom(ctx context.Context, p Pause, start []int) error {
	return m.pause(ctx, p, func(kmeans.Rows) ([]int, error) { return start, nil })
}

// Swapped changes the places of SMoG's views.
var Swapped = swapped
