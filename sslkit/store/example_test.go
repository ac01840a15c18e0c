package store_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/store"
)

// pets are four images.
var pets = embedding.Set{
	Features: []float32{
		4, 1, 0,
		8, 2, 0.1,
		3, 3, 0,
		0, 1, 5,
	},
	Dim:     3,
	Labels:  []int32{0, 0, 0, 1},
	Classes: []string{"cat", "dog"},
	Files:   []string{"cat/asleep.jpg", "cat/asleep-small.jpg", "cat/awake.jpg", "dog/rex.jpg"},
}

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pets.csv")
	if err := store.Write(path, &pets); err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", text)
	s, err := store.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Len(), "images of", s.Classes)
	// Output:
	// file,label,class,f0,f1,f2
	// cat/asleep.jpg,0,cat,4,1,0
	// cat/asleep-small.jpg,0,cat,8,2,0.1
	// cat/awake.jpg,0,cat,3,3,0
	// dog/rex.jpg,1,dog,0,1,5
	// 4 images of [cat dog]
}
