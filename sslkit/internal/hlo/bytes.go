package hlo

// slicing are operations that read a part of their first operand; moving ones pass on what
// they read.
var (
	slicing = map[string]bool{"slice": true, "dynamic-slice": true, "gather": true}
	moving  = map[string]bool{"convert": true, "bitcast": true, "reshape": true, "copy": true}
)

// read is how many bytes an instruction reads: its operands, each once, or of those of which
// a fusion uses slices, these.
func (i *instruction) read() int64 {
	total := int64(0)
	seen := map[*instruction]int64{}
	for k, operand := range i.operands {
		bytes := i.readOf(k)
		if bytes > seen[operand] {
			total += bytes - seen[operand]
			seen[operand] = bytes
		}
	}
	return total
}

// readOf is how many bytes of an operand are read.
func (i *instruction) readOf(k int) int64 {
	all := i.operands[k].GetShape().bytes()
	if i.GetOpcode() == "fusion" && len(i.calls) == 1 {
		if p := i.calls[0].parameter(k); p != nil {
			if part, ok := p.used(p.GetShape().GetElementType().size(), 0); ok {
				return min(all, part)
			}
		}
		return all
	}
	switch {
	case k == 0 && slicing[i.GetOpcode()]:
		return min(all, i.GetShape().elements()*i.operands[k].GetShape().GetElementType().size())
	case k == 0 && i.GetOpcode() == "dynamic-update-slice":
		return 0
	}
	return all
}

func (c *computation) parameter(number int) *instruction {
	for _, i := range c.list {
		if i.GetOpcode() == "parameter" && i.GetParameterNumber() == int64(number) {
			return i
		}
	}
	return nil
}

// used is how many bytes are read of a value whose numbers have a size in memory, if only
// parts of it are.
func (i *instruction) used(size int64, depth int) (int64, bool) {
	const deep = 8
	if len(i.users) == 0 || depth > deep {
		return 0, false
	}
	total := int64(0)
	for _, user := range i.users {
		switch opcode := user.GetOpcode(); {
		case slicing[opcode] && onlyFirst(user, i):
			total += user.GetShape().elements() * size
		case opcode == "dynamic-update-slice" && onlyFirst(user, i): // in place
		case moving[opcode]:
			part, ok := user.used(size, depth+1)
			if !ok {
				return 0, false
			}
			total += part
		default:
			return 0, false
		}
	}
	return total, true
}

// onlyFirst reports whether a value is the first operand, and no other.
func onlyFirst(user, value *instruction) bool {
	for k, operand := range user.operands {
		if (operand == value) != (k == 0) {
			return false
		}
	}
	return true
}

// written is how many bytes an instruction writes: its result, or what it changes of a
// value in place.
func (i *instruction) written() int64 {
	if i.GetOpcode() == "fusion" && len(i.calls) == 1 {
		root := i.calls[0].root
		if root.GetOpcode() == "tuple" {
			total := int64(0)
			for _, part := range root.operands {
				total += part.result()
			}
			return total
		}
		return root.result()
	}
	return i.result()
}

func (i *instruction) result() int64 {
	value := i
	for value.GetOpcode() == "bitcast" && len(value.operands) == 1 {
		value = value.operands[0]
	}
	if value.GetOpcode() == "dynamic-update-slice" && len(value.operands) > 1 {
		return value.operands[1].GetShape().bytes()
	}
	return i.GetShape().bytes()
}
