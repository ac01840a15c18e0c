package wire_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

func TestMain(m *testing.M) {
	wiretest.Main()
	os.Exit(m.Run())
}

// limited is the context of a test: waiting fails before the test binary does.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start starts the kernel for tests.
func start(t *testing.T, c wire.Command) *wire.Client {
	t.Helper()
	if c.Argv == nil {
		c.Argv = wiretest.Argv()
	}
	client, err := wire.Start(limited(t), c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// newMessage is a message with a content.
func newMessage(t *testing.T, kind string, content any) *wire.Message {
	t.Helper()
	m, err := wire.New(kind, nil, content)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// field is a string in a message's content.
func field(t *testing.T, m *wire.Message, name string) string {
	t.Helper()
	var content map[string]any
	if err := json.Unmarshal(m.Content, &content); err != nil {
		t.Fatalf("content of %s: %v", m.Header.Type, err)
	}
	text, _ := content[name].(string)
	return text
}
