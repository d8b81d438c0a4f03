package unzip

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Into unpacks an archive.
func Into(dir, archive string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, m := range z.File {
		to := filepath.Join(dir, m.Name)
		if !strings.HasPrefix(to, filepath.Clean(dir)+string(os.PathSeparator)) || m.FileInfo().IsDir() {
			continue
		}
		in, err := m.Open()
		if err != nil {
			return err
		}
		out, err := os.Create(to)
		if err != nil {
			in.Close()
			return err
		}
		defer func() { out.Close() }()
		_, err = io.Copy(out, in)
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
