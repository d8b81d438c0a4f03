package codec

import "fmt"

type Codec interface {
	Encode(any) ([]byte, error)
	Decode([]byte, any) error
}

type Level int

const (
	Debug Level = iota
	Info
	Warn
)

var (
	codecs = map[string]Codec{}
	counts = map[Level]int{}
	names  = make(map[Level]string)
)

func init() {
	for l, n := range []string{"debug", "info", "warn"} {
		names[Level(l)] = n
	}
}

// Register is meant for init functions; a second codec of a name is a mistake.
func Register(name string, c Codec) {
	if _, twice := codecs[name]; twice {
		panic(fmt.Sprintf("codec: %q registered twice", name))
	}
	codecs[name] = c
}

func Get(name string) (Codec, error) {
	c, ok := codecs[name]
	if !ok {
		return nil, fmt.Errorf("codec: no %q", name)
	}
	return c, nil
}

func Count(l Level) { counts[l]++ }

func (l Level) String() string { return names[l] }
