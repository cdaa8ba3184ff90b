// Verify checks an exported log with golang.org/x/mod/sumdb, which shares no code with the ledger:
//
//	verify DIR [VKEY]
//
// The signature of the checkpoint, every tile (remade from the entries), every leaf, inclusion of
// up to a thousand leaves and consistency with up to a hundred prefixes. The key lies beside the
// log unless it is given. Paths are C2SP's: "tile/0/…" is Go's "tile/8/0/…", entries are its data.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height, records, prefixes = 8, 1000, 100

// Stored holds the hashes of a tree that is grown from its entries.
type stored []tlog.Hash

func (hashes stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index < 0 || index >= int64(len(hashes)) {
			return nil, fmt.Errorf("there is no hash %d yet", index)
		}
		found[at] = hashes[index]
	}
	return found, nil
}

// Folder is where the files lie.
type folder string

func (dir folder) read(path string) []byte {
	return must(os.ReadFile(filepath.Join(string(dir), path)))
}

func (dir folder) tile(tile tlog.Tile) []byte {
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	return dir.read(strings.Replace(path, "tile/data/", "tile/entries/", 1))
}

func (dir folder) Height() int                     { return height }
func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (dir folder) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		data = append(data, dir.tile(tile))
	}
	return data, nil
}

func main() {
	dir := folder(os.Args[1])
	vkey := ""
	if len(os.Args) > 2 {
		vkey = os.Args[2]
	} else {
		line, rest, ended := strings.Cut(string(dir.read("log.vkey")), "\n")
		check(ended && rest == "", "log.vkey is not one line")
		vkey = line
	}
	key := must(note.NewVerifier(vkey))
	start := fmt.Sprintf("%s+%08x+", key.Name(), key.KeyHash())
	check(strings.HasPrefix(vkey, start), "the key is not in its one form")
	signed := must(note.Open(dir.read("checkpoint"), note.VerifierList(key)))
	must(base64.StdEncoding.Strict().DecodeString(signed.Sigs[0].Base64))
	origin, head, _ := strings.Cut(signed.Text, "\n")
	check(origin == key.Name(), "the checkpoint is of the log %q", origin)
	tree := must(tlog.ParseTree([]byte("go.sum database tree\n" + head)))
	check(signed.Text == fmt.Sprintf("%s\n%d\n%s\n", origin, tree.N, tree.Hash), "other lines in the checkpoint")

	published, grown := tlog.TileHashReader(tree, dir), stored{}
	roots := make([]tlog.Hash, tree.N+1)
	for number := int64(0); number < tree.N; {
		bundle := tlog.Tile{H: height, L: -1, N: number >> height, W: int(min(1<<height, tree.N-number))}
		data := dir.tile(bundle)
		leaves := []int64{}
		for end := number + int64(bundle.W); number < end; number++ {
			check(len(data) >= 2, "the bundle of entry %d ends early", number)
			length := 2 + int(data[0])<<8 + int(data[1])
			check(len(data) >= length, "entry %d ends early", number)
			leaf := tlog.RecordHash(data[2:length])
			grown = append(grown, must(tlog.StoredHashesForRecordHash(number, leaf, grown))...)
			leaves = append(leaves, tlog.StoredHashIndex(0, number))
			roots[number+1], data = must(tlog.TreeHash(number+1, grown)), data[length:]
		}
		check(len(data) == 0, "bytes follow entry %d", number-1)
		for at, leaf := range must(published.ReadHashes(leaves)) {
			check(leaf == grown[leaves[at]], "entry %d of bundle %d has another hash", at, bundle.N)
		}
	}
	check(tree.N > 0 && roots[tree.N] == tree.Hash, "the entries do not have the root of the checkpoint")

	tiles := 0
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		if whole := tree.N >> (height * tile.L); int64(tile.W) == min(1<<height, whole-tile.N<<height) {
			made := must(tlog.ReadTileData(tile, grown))
			check(bytes.Equal(dir.tile(tile), made), "%s is of another tree", tile.Path())
			tiles++
		}
	}
	included, prior := 0, 0
	for number := int64(0); number < tree.N; number += 1 + tree.N/records {
		proof := must(tlog.ProveRecord(tree.N, number, published))
		leaf := grown[tlog.StoredHashIndex(0, number)]
		must(0, tlog.CheckRecord(proof, tree.N, tree.Hash, number, leaf))
		included++
	}
	for size := int64(1); size <= tree.N; size += 1 + tree.N/prefixes {
		proof := must(tlog.ProveTree(tree.N, size, published))
		must(0, tlog.CheckTree(proof, tree.N, tree.Hash, size, roots[size]))
		prior++
	}
	fmt.Printf("%s: %d entries, %d tiles, %d included, %d prefixes\n", origin, tree.N, tiles, included, prior)
}

func check(holds bool, format string, values ...interface{}) {
	if !holds {
		fmt.Fprintf(os.Stderr, "refused: "+format+"\n", values...)
		os.Exit(1)
	}
}

func must[T any](value T, err ...error) T {
	for _, one := range err {
		check(one == nil, "%v", one)
	}
	return value
}

func min(one, other int64) int64 {
	if one < other {
		return one
	}
	return other
}
