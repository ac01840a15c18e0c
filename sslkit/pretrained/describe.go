package pretrained

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/embedding"
)

// Describe says in a line what the backbone is.
func (n Network) Describe() string { return backbone.Describe(n.Backbone) }

// Describe says in a line where weights come from.
func (o Origin) Describe() string {
	if o.File != "" {
		return "of the file " + o.File
	}
	if o.Method == "" {
		return "of unknown origin"
	}
	from := fmt.Sprintf("%s on %d images of %s", o.Method, o.Images, cmp.Or(string(o.Data), "an unknown set"))
	if o.Preset != "" {
		from += fmt.Sprintf(", preset %s", o.Preset)
	}
	if o.Epochs == 0 && o.Steps == 0 {
		return "before training by " + from
	}
	from += fmt.Sprintf(", %d epoch", o.Epochs)
	if o.Epochs != 1 {
		from += "s"
	}
	if o.Steps > 0 {
		from += fmt.Sprintf(" and %d steps", o.Steps)
	}
	return "by " + from
}

// FeaturesOrigin is the origin of the features that the model makes: a description
// of its network, a fingerprint of layers and weights, and how images are prepared. It
// does not say which images. A run folder has the same origin as the file to which its
// backbone was exported.
func (m *Model) FeaturesOrigin() (*embedding.Origin, error) {
	origin, err := m.featuresOrigin()
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	return origin, nil
}

func (m *Model) featuresOrigin() (*embedding.Origin, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	weights, err := m.fingerprint()
	if err != nil {
		return nil, err
	}
	return &embedding.Origin{
		Network: m.Network.Describe() + ", weights " + m.Origin.Describe(),
		Weights: weights,
		Size:    m.Size, Mean: m.Mean, Std: m.Std,
	}, nil
}

// fingerprint is a hash of the network's layers and of all its weights.
func (m *Model) fingerprint() (string, error) {
	layers := form{m.Backbone}
	switch net := m.Backbone.(type) { // how weights were drawn at first does not count here
	case backbone.ResNet:
		net.NormalInit = false
		layers = form{net}
	case backbone.ViT:
		net.Init = ""
		layers = form{net}
	}
	text, err := json.Marshal(layers)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write(text)
	for _, t := range m.tensors {
		fmt.Fprintf(sum, "\n%s %d\n", t.name, t.dims)
		sum.Write(t.bytes())
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}
