package edgeproxy

import (
	"encoding/json"
	"os"
)

// Config is what the file says.
type Config struct {
	Listen   string `json:"listen"`
	Upstream string `json:"upstream"`
}

// ReadConfig reads the file at path.
func ReadConfig(path string) (*Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	cfg := &Config{Listen: ":0"}
	return cfg, json.Unmarshal(raw, cfg)
}
