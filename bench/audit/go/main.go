// Verifies an archive of the audit log that was unpacked into a folder, with golang.org/x/mod alone: the signature of
// the checkpoint, every tile against the signed root, every entry against its tile, and a proof for some entries.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(string(f), fmt.Sprintf("tile/%d/%s", tile.L, name(tile.N, tile.W))))
		if err != nil {
			return nil, err
		}
		read[i] = bytes
	}
	return read, nil
}

func name(n int64, w int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if w < width {
		path += fmt.Sprintf(".p/%d", w)
	}
	return path
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println("NOT OK:", err)
		os.Exit(1)
	}
	return value
}

func main() {
	dir := os.Args[1]
	read := func(path string) []byte { return must(os.ReadFile(filepath.Join(dir, path))) }
	verifier := must(note.NewVerifier(strings.TrimSpace(string(read("key")))))
	opened := must(note.Open(read("checkpoint"), note.VerifierList(verifier)))
	lines := strings.Split(opened.Text, "\n")
	var size int64
	must(fmt.Sscanf(lines[1], "%d", &size))
	var root tlog.Hash
	copy(root[:], must(base64.StdEncoding.DecodeString(lines[2])))
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, folder(dir))
	for from := int64(0); from < size; from += width {
		count := min(width, size-from)
		bundle := read("tile/entries/" + name(from/width, int(count)))
		indexes := make([]int64, count)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, from+int64(i))
		}
		leaves := must(hashes.ReadHashes(indexes))
		for i := range leaves {
			length := int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:2+length]) != leaves[i] {
				fmt.Println("NOT OK: entry", from+int64(i))
				os.Exit(1)
			}
			bundle = bundle[2+length:]
		}
		proof := must(tlog.ProveRecord(size, from, hashes))
		if err := tlog.CheckRecord(proof, size, root, from, leaves[0]); err != nil {
			must(0, err)
		}
	}
	fmt.Println("OK:", size)
}
