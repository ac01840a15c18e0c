package conformance

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire"
)

// A message that is not signed with the key does nothing, and is counted.
func TestForgedMessages(t *testing.T) {
	c, dir := command(t), socketDir(t)
	var log bytes.Buffer
	c.Stderr = &log
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	client, err := wire.Start(ctx, c, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := wire.ReadConn(filepath.Join(dir, wire.ConnectionName))
	if err != nil {
		t.Fatal(err)
	}
	conn.Key = "guessed"
	socket, err := wire.Dial(ctx, conn, wire.Shell, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	forged, err := wire.New("execute_request", nil, map[string]any{"code": `os.WriteFile("forged", nil, 0o600)`})
	if err != nil {
		t.Fatal(err)
	}
	if err := socket.Send(forged); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Execute(ctx, "fmt.Println(1)", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "forged")); err == nil {
		t.Error("a forged cell was executed")
	}
	if err := client.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "1 messages without a valid signature") {
		t.Errorf("the kernel printed %q, want the number of dropped messages", log.String())
	}
}

// Nobody but the user reads or enters the kernel's files and sockets.
func TestPrivateFiles(t *testing.T) {
	start(t).ok("fmt.Println(1)")
	h := home.Find()
	found, err := filepath.Glob(filepath.Join(h.Temp(), "kernel-*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("folders of kernels: %v, error %v", found, err)
	}
	for _, dir := range found {
		info, err := os.Stat(dir)
		if err != nil {
			continue // another test's kernel has ended
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", dir, info.Mode().Perm())
		}
		keys, err := filepath.Glob(filepath.Join(dir, "kernel-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if info, err := os.Stat(key); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s, which holds the key, has mode %o", key, info.Mode().Perm())
			}
		}
	}
}
