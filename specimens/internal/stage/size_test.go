package stage

import "testing"

func TestSizesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int{"512MiB": 512 << 20, "64k": 64 << 10, "1g": 1 << 30, "4096": 4096, "2KB": 2048} {
		var got size
		if err := got.Set(text); err != nil || int(got) != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
}

func TestWhatIsNoSizeIsRefused(t *testing.T) {
	for _, text := range []string{"", "MiB", "-1", "0", "5x", "1.5MiB", "9 MiB"} {
		var got size
		if got.Set(text) == nil {
			t.Errorf("%q was taken for %d", text, got)
		}
	}
}
