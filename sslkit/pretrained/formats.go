package pretrained

import (
	"bytes"
	"fmt"
	"strings"
)

// converter is a command that converts a file of PyTorch's to safetensors. Such files
// may hold several state dicts, each under a name, and a command line.
const converter = `python3 -c '
import sys, argparse, torch, safetensors.torch
torch.serialization.add_safe_globals([argparse.Namespace])
d = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
parts = {k + ".": v for k, v in d.items() if isinstance(v, dict)} | {"": d}
d = {p + str(k): v.contiguous().clone() for p, part in parts.items() for k, v in part.items() if torch.is_tensor(v)}
safetensors.torch.save_file(d, sys.argv[2])' %[1]s %[1]s.safetensors`

// otherFormat returns an error for files that begin as those of other formats do.
func otherFormat(path string, file []byte) error {
	begins := func(text string) bool { return bytes.HasPrefix(file, []byte(text)) }
	switch {
	case begins("PK\x03\x04"), begins("\x80") && !isHeader(file):
		return fmt.Errorf("%s is a file of PyTorch's (.pth, .pt, .ckpt), whose pickle is a program: only Python can read it. This makes "+
			"a safetensors file of it, with the packages torch and safetensors:\n\n%s\n\nThen go on with %[1]s.safetensors", path,
			fmt.Sprintf(converter, shellWord(path)))
	case begins("version https://git-lfs"):
		return fmt.Errorf("%s is a pointer of Git LFS, not the file itself: fetch that with `git lfs pull`", path)
	case begins("<"):
		return fmt.Errorf("%s is a page of HTML or XML, not a file of weights: was it downloaded from a page about the file?", path)
	}
	return nil
}

// isHeader says whether a file begins as safetensors files do: with the length of
// the JSON that follows.
func isHeader(file []byte) bool { return len(file) > 8 && file[8] == '{' }

// shellWord writes a path for a shell.
func shellWord(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
