package thumbs

import (
	"image"
	_ "image/png"
	"os"
	"sync"
)

func Sizes(paths []string) (map[string]image.Point, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := make(map[string]image.Point)
	errs := make([]error, len(paths))
	for i, p := range paths {
		wg.Add(1)
		go func(i int, p string) {
			defer wg.Done()
			f, err := os.Open(p)
			if err != nil {
				errs[i] = err
				return
			}
			defer f.Close()
			c, _, err := image.DecodeConfig(f)
			errs[i] = err
			mu.Lock()
			defer mu.Unlock()
			out[p] = image.Pt(c.Width, c.Height)
		}(i, p)
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func Remove(paths []string) (failed int) {
	for _, p := range paths {
		func() {
			defer func() {
				if recover() != nil {
					failed++
				}
			}()
			if err := os.Remove(p); err != nil {
				panic(err)
			}
		}()
	}
	return failed
}
