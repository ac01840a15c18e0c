package lines

import (
	"fmt"
	"go/doc"
	"regexp"
	"slices"
	"strings"
)

var (
	hidden     = regexp.MustCompile(`^(\w+)\.\w+ undefined \(`)
	redeclared = regexp.MustCompile(`^(\w+) redeclared in this block`)
	identifier = regexp.MustCompile(`[\pL_][\pL\pN_]*`)
)

// hints add to problems what can be done about declarations that GoNB remembers:
// one that no longer fits what the cell declares, and one that hides a name of
// Go's or a package.
func (e *explainer) hints() {
	if len(e.index.Cells) == 0 {
		return
	}
	last := len(e.index.Cells) - 1
	before, _ := memory(e.index.Cells[:last])
	now, packages := memory(e.index.Cells)
	packages = append(packages, standard...)
	given := map[string]bool{}
	add := func(p *problem, hint string) {
		if !given[hint] {
			p.hints = append(p.hints, hint)
			given[hint] = true
		}
	}
	for i := range e.problems {
		p := &e.problems[i]
		if m := redeclared.FindStringSubmatch(p.message); m != nil {
			if d, ok := before[m[1]]; ok {
				add(p, "to declare it as something else, forget it first: "+d.remove())
			}
			continue
		}
		for _, name := range p.suspects(packages) {
			if d, ok := now[name]; ok {
				add(p, fmt.Sprintf("%s is the %s that Cell [%d], line %d declares: give that another name, or forget it: %s", name, d.kind, d.cell.Number, d.from, d.remove()))
			}
		}
	}
	for i := range slices.Backward(e.problems) { // below the last problem of a declaration
		p := &e.problems[i]
		if p.id == 0 || p.id == e.index.Cells[last].ID || redeclared.MatchString(p.message) {
			continue
		}
		if d, ok := e.index.at(p.id, p.line); ok {
			add(p, fmt.Sprintf("the %s %s no longer fits: change it and run Cell [%d] again, or forget it: %s", d.kind, d, d.cell.Number, d.remove()))
		}
	}
}

// suspects are names in a problem that are Go's or a package's, unless a cell
// declares them.
func (p problem) suspects(packages []string) []string {
	var names []string
	message, _, _ := strings.Cut(p.message, "\n")
	if m := hidden.FindStringSubmatch(message); m != nil && slices.Contains(packages, m[1]) {
		names = append(names, m[1])
	}
	for _, name := range identifier.FindAllString(message+" "+p.source, -1) {
		if doc.IsPredeclared(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// standard are the names of the standard library's packages.
var standard = strings.Fields(`adler32 aes ascii85 asn1 ast atomic base32 base64 big binary bits bufio build buildinfo
	bytes bzip2 cgi cipher cmp cmplx color comment constant constraint context cookiejar coverage crc32 crc64 crypto
	csv debug des doc draw driver dsa dwarf ecdh ecdsa ed25519 elf elliptic embed encoding errors exec expvar fcgi
	filepath fips140 flag flate fmt fnv format fs fstest gif gob gosym gzip hash heap hex hkdf hmac html http httptest
	httptrace httputil image importer io iotest ioutil iter jpeg json jsonrpc list log lzw macho mail maphash maps math
	md5 metrics mime mlkem multipart net netip os palette parse parser path pbkdf2 pe pem pkix plan9obj plugin png pprof
	printer quick quotedprintable race rand rc4 reflect regexp ring rpc rsa runtime scanner sha1 sha256 sha3 sha512
	signal slices slog slogtest smtp sort sql strconv strings structs subtle suffixarray sync synctest syntax syscall
	syslog tabwriter tar template testing textproto time tls token trace types tzdata unicode unique unsafe url user
	utf16 utf8 version weak x509 xml zip zlib`)

// initializer is the frame of what gives the package's variables their values, or
// of a function init.
var initializer = regexp.MustCompile(`^main\.init(?:\.\d+)?\(\)$`)

// initial says which declaration was being evaluated when the runtime ended the
// program, and how it is forgotten: it would end all cells that follow, too. It is
// "" if the program had come to main.
func (x *Index) initial(stacks []string) string {
	for i, line := range stacks {
		if i+1 == len(stacks) || !initializer.MatchString(line) {
			continue
		}
		m := frame().FindStringSubmatch(stacks[i+1])
		if m == nil {
			continue
		}
		c := inCell().FindStringSubmatch(m[1])
		if c == nil {
			continue
		}
		id := number(c[2])
		if c[1] == "" { // it is the cell's number
			id = x.id(id)
		}
		d, ok := x.at(id, number(m[2]))
		if !ok {
			continue
		}
		return fmt.Sprintf("the %s %s of Cell [%d], line %d is evaluated before each cell: change it and run Cell [%d] again, or forget it: %s",
			d.kind, d, d.cell.Number, d.from, d.cell.Number, d.remove())
	}
	return ""
}
