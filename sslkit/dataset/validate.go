package dataset

import (
	"errors"
	"fmt"
)

// Validate reports the first thing that makes no sense in images that somebody put
// together: sizes, pixels, frames, labels or files that do not go with each other.
func (m *Images) Validate() error {
	if err := m.validate(); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

func (m *Images) validate() error {
	n := m.Len()
	switch {
	case n == 0:
		return errors.New("there are no images")
	case m.Files != nil && len(m.Files) != n:
		return fmt.Errorf("%d files for %d labels", len(m.Files), n)
	case m.Frames == nil && (m.Height < 1 || m.Width < 1):
		return fmt.Errorf("height %d and width %d, want at least 1", m.Height, m.Width)
	case m.Frames == nil && len(m.Pixels) != n*m.Height*m.Width*3:
		return fmt.Errorf("%d bytes of pixels, want %d×%d×%d×3 for %d labels", len(m.Pixels), n, m.Height, m.Width, n)
	case m.Frames != nil && len(m.Frames) != n:
		return fmt.Errorf("%d frames for %d labels", len(m.Frames), n)
	}
	for i, f := range m.Frames {
		if f.Row < 0 || f.short() < 1 || f.short() > m.Side || (f.Row+f.long())*m.Side*3 > len(m.Pixels) {
			return fmt.Errorf("frame %d, %s from row %d, is not within %d bytes of rows of %d pixels", i, f.text(), f.Row, len(m.Pixels), m.Side)
		}
	}
	if m.Classes == nil {
		return nil
	}
	for i, label := range m.Labels {
		if label < 0 || int(label) >= len(m.Classes) {
			return fmt.Errorf("image %d: label %d, want 0 to %d", i, label, len(m.Classes)-1)
		}
	}
	return nil
}
