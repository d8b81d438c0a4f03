"""Pieces that are kept of something large, and pieces that are not, or are copies, or most of it."""

from pathlib import Path

import pytest
from go_text import lost

RULE = "kept-slice"
READ = "type store struct {\n\tfirst string\n\traw []byte\n\tall []string\n\tby map[string]string\n}\n\nfunc (s *store) load(p string) {\n\tdata, _ := os.ReadFile(p)\n\ttext := string(data)\n\t_ = text\n\t%s\n}"
MADE = "const size = 64 << 10\n\ntype peer struct{ key []byte }\n\ntype server struct {\n\tpeers map[string]*peer\n\tlast []byte\n}\n\nfunc (s *server) run(c net.Conn) {\n\tfor {\n\t\tbuf := make([]byte, %s)\n\t\tn, _ := c.Read(buf)\n\t\t_ = n\n\t\t%s\n\t}\n}"
FILE, NET = ("os", "strings"), ("net",)

GUILTY = {
    "a line by its number": (FILE, READ % "s.first = strings.Split(text, \"\\n\")[0]"),
    "a field of a list": (FILE, READ % "words := strings.Fields(text)\n\ts.by[\"a\"] = words[2]"),
    "the lines that match": (FILE, READ % "for _, l := range strings.Split(text, \"\\n\") {\n\t\tif strings.HasPrefix(l, \"#\") {\n\t\t\ts.all = append(s.all, l)\n\t\t}\n\t}"),
    "what stands before a mark": (FILE, READ % "head, _, _ := strings.Cut(text, \":\")\n\ts.first = head"),
    "the last line": (("bytes", *FILE), READ % "s.raw = data[bytes.LastIndexByte(data, 10)+1:]"),
    "without its blanks": (FILE, READ % "s.first = strings.TrimSpace(text[4:20])"),
    "into a struct of a map": (NET, MADE % ("65535", "p := &peer{key: buf[4:20]}\n\t\ts.peers[\"a\"] = p")),
    "by constants of the package": (NET, MADE % ("size", "s.last = buf[:16]")),
    "what was read of a large buffer": (NET, MADE % ("size", "s.last = buf[:n]")),
}  # fmt: skip

INNOCENT = {
    "a copy of a line": (FILE, READ % "s.first = strings.Clone(strings.Split(text, \"\\n\")[0])"),
    "every line": (FILE, READ % "for _, l := range strings.Split(text, \"\\n\") {\n\t\ts.all = append(s.all, l)\n\t}"),
    "the list": (FILE, READ % "s.all = strings.Split(text, \"\\n\")"),
    "all of it": (FILE, READ % "s.first = strings.TrimSpace(text)"),
    "without its head": (FILE, READ % "s.raw = data[4:]"),
    "a look": (FILE, READ % "for _, l := range strings.Split(text, \"\\n\") {\n\t\tif l == s.first {\n\t\t\tprintln(l)\n\t\t}\n\t}"),
    "a number of it": (FILE, READ % "n := len(strings.Fields(text)[0])\n\ts.all = make([]string, n)"),
    "a small buffer": (NET, MADE % ("512", "s.last = buf[:16]")),
    "a string of it": (NET, MADE % ("65535", "s.peers[string(buf[:16])] = nil")),
}  # fmt: skip


@pytest.mark.parametrize(("imports", "body"), GUILTY.values(), ids=GUILTY)
def test_a_piece_that_keeps_the_whole_is_suspected(tmp_path: Path, imports: tuple[str, ...], body: str) -> None:
    assert len(lost(tmp_path, RULE, imports, body)) == 1


@pytest.mark.parametrize(("imports", "body"), INNOCENT.values(), ids=INNOCENT)
def test_a_copy_or_most_of_the_whole_is_not(tmp_path: Path, imports: tuple[str, ...], body: str) -> None:
    assert lost(tmp_path, RULE, imports, body) == []
