package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

type Config struct {
	Addr  string
	Level string
}

// First reads the first file that is there.
func First(paths ...string) (*Config, error) {
	for _, p := range paths {
		f, err := os.Open(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		var c Config
		if err := json.NewDecoder(f).Decode(&c); err != nil {
			return nil, err
		}
		return &c, nil
	}
	return nil, fs.ErrNotExist
}
