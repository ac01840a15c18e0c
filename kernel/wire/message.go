package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Header says what a message is. A reply and whatever a request makes a kernel
// publish carry the request's header as their parent.
type Header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

// Message is one message. Its JSON parts stay as they came, so that a relay
// passes them on unchanged.
type Message struct {
	Identities [][]byte // whom a ROUTER socket got it from or sends it to; on iopub the topic
	Header     Header
	Parent     Header
	Metadata   json.RawMessage
	Content    json.RawMessage
	Buffers    [][]byte

	rawHeader, rawParent json.RawMessage
}

const delimiter = "<IDS|MSG>"

// ErrSignature is the error of a message whose signature is wrong.
var ErrSignature = errors.New("wire: wrong signature")

// session names the messages of this process.
var session = NewID()

// NewID returns a random name.
func NewID() string { return rand.Text() }

// New returns a message; the parent may be nil, and so may the content.
func New(kind string, parent *Message, content any) (*Message, error) {
	m := &Message{
		Header: Header{
			ID: NewID(), Type: kind, Session: session, Username: "sslkit",
			Date: time.Now().UTC().Format(time.RFC3339Nano), Version: "5.3",
		},
		Metadata:  json.RawMessage("{}"),
		Content:   json.RawMessage("{}"),
		rawParent: json.RawMessage("{}"),
	}
	if parent != nil {
		m.Identities, m.Parent, m.rawParent = parent.Identities, parent.Header, parent.rawHeader
	}
	var err error
	if m.rawHeader, err = json.Marshal(m.Header); err != nil {
		return nil, fmt.Errorf("wire: %s: %w", kind, err)
	}
	if content != nil {
		if m.Content, err = json.Marshal(content); err != nil {
			return nil, fmt.Errorf("wire: %s: %w", kind, err)
		}
	}
	return m, nil
}

// Decode parses a message's frames and checks its signature.
func Decode(key string, frames [][]byte) (*Message, error) {
	at := 0
	for at < len(frames) && string(frames[at]) != delimiter {
		at++
	}
	if len(frames) < at+6 {
		return nil, fmt.Errorf("wire: %d frames are no message", len(frames))
	}
	signature, parts := frames[at+1], frames[at+2:at+6]
	if !hmac.Equal(sign(key, parts), signature) {
		return nil, ErrSignature
	}
	m := &Message{
		Identities: frames[:at:at], rawHeader: parts[0], rawParent: parts[1],
		Metadata: parts[2], Content: parts[3], Buffers: frames[at+6:],
	}
	if err := json.Unmarshal(m.rawHeader, &m.Header); err != nil {
		return nil, fmt.Errorf("wire: header: %w", err)
	}
	if err := json.Unmarshal(m.rawParent, &m.Parent); err != nil {
		return nil, fmt.Errorf("wire: parent header: %w", err)
	}
	return m, nil
}

// Encode returns a message's signed frames.
func (m *Message) Encode(key string) [][]byte {
	parts := [][]byte{m.rawHeader, m.rawParent, m.Metadata, m.Content}
	frames := append([][]byte{}, m.Identities...)
	frames = append(frames, []byte(delimiter), sign(key, parts))
	return append(append(frames, parts...), m.Buffers...)
}

func sign(key string, parts [][]byte) []byte {
	hash := hmac.New(sha256.New, []byte(key))
	for _, part := range parts {
		hash.Write(part)
	}
	return hex.AppendEncode(nil, hash.Sum(nil))
}
