package photo

// The size of a picture on a poster: 200 pixels an inch and more wherever it stands.
const (
	printWidth   = 800
	printHeight  = 1000
	printQuality = 78
	// smallPrint is how large a picture of our own may be, in bytes, to be printed as it is: two of them go into a poster.
	smallPrint = 80 << 10
)

// Print returns what is printed of a JPEG: always encoded anew, so that no byte of a stranger's gets to a reader's decoder.
func Print(full []byte) ([]byte, error) { return Resize(full, printWidth, printHeight, printQuality) }

// PrintOwn is Print for a picture that Normalise made here. If that is small it returns full itself: it was encoded anew
// when it was uploaded, and is sharper as it is.
func PrintOwn(full []byte) ([]byte, error) {
	if len(full) <= smallPrint {
		if h, err := inspect(full); err == nil && Check(full, h.width, h.height) == nil {
			return full, nil
		}
	}
	return Print(full)
}
