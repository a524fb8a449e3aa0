package media

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// WAV files are read and written here, not by a library: ours must be readable
// after the process was killed, and one we read may claim any size it likes.
//
//	"RIFF" size "WAVE" │ "fmt " 16 format │ … │ "data" size │ samples, little-endian
const (
	wavHeader = 44
	maxWAV    = 256 << 20
	wavPCM    = 1
	wavExt    = 0xFFFE // WAVE_FORMAT_EXTENSIBLE
)

// WAVError says why a file cannot be played.
type WAVError struct{ Reason string }

func (e *WAVError) Error() string { return "media: wav: " + e.Reason }

func badWAV(format string, args ...any) error { return &WAVError{fmt.Sprintf(format, args...)} }

// ReadWAVFile reads a file of 16 bit PCM, mono (two channels are mixed down), at
// 8 to 48 kHz.
func ReadWAVFile(path string) (samples []int16, rate int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("media: %w", err)
	}
	defer f.Close()
	samples, rate, err = ReadWAV(f)
	if err != nil {
		return nil, 0, fmt.Errorf("media: read %s: %w", path, err)
	}
	return samples, rate, nil
}

// ReadWAV is ReadWAVFile for a stream. A data chunk that is shorter than it
// claims, as a crash leaves it, is read as far as it goes.
func ReadWAV(r io.Reader) (samples []int16, rate int, err error) {
	in := bufio.NewReader(io.LimitReader(r, maxWAV))
	var head [12]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, 0, badWAV("no RIFF/WAVE file")
	}
	channels := 0
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(in, chunk[:]); err != nil {
			return nil, 0, badWAV("no data chunk")
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			if channels, rate, err = readFormat(in, size); err != nil {
				return nil, 0, err
			}
		case "data":
			if channels == 0 {
				return nil, 0, badWAV("data before format")
			}
			samples, err = readSamples(in, size, channels)
			return samples, rate, err
		default:
			if _, err := io.CopyN(io.Discard, in, size+size%2); err != nil {
				return nil, 0, badWAV("no data chunk")
			}
		}
	}
}

func readFormat(in io.Reader, size int64) (channels, rate int, err error) {
	var f [16]byte
	if size < 16 || size > 1024 {
		return 0, 0, badWAV("format chunk of %d bytes", size)
	}
	if _, err := io.ReadFull(in, f[:]); err != nil {
		return 0, 0, badWAV("format chunk cut off")
	}
	if _, err := io.CopyN(io.Discard, in, size-16+size%2); err != nil {
		return 0, 0, badWAV("format chunk cut off")
	}
	kind, bits := binary.LittleEndian.Uint16(f[0:]), binary.LittleEndian.Uint16(f[14:])
	channels, rate = int(binary.LittleEndian.Uint16(f[2:])), int(binary.LittleEndian.Uint32(f[4:]))
	switch {
	case kind != wavPCM && kind != wavExt, bits != 16:
		return 0, 0, badWAV("format %d with %d bits: 16 bit PCM is needed", kind, bits)
	case channels < 1 || channels > 2:
		return 0, 0, badWAV("%d channels: mono is needed", channels)
	case rate < 8000 || rate > 48000:
		return 0, 0, badWAV("%d Hz: 8000 or 16000 is needed", rate)
	}
	return channels, rate, nil
}

func readSamples(in io.Reader, size int64, channels int) ([]int16, error) {
	// A writer that did not finish leaves 0 or the largest size: read to the end.
	if size == 0 || size > maxWAV {
		size = maxWAV
	}
	data, err := io.ReadAll(io.LimitReader(in, size)) // as much memory as there are bytes, not as claimed
	if err != nil {
		return nil, err
	}
	samples := make([]int16, len(data)/(2*channels))
	for i := range samples {
		sum := 0
		for c := range channels {
			sum += int(int16(binary.LittleEndian.Uint16(data[2*(i*channels+c):])))
		}
		samples[i] = int16(sum / channels)
	}
	return samples, nil
}

// WAVWriter writes a 16 bit PCM file. The sizes in its header are right after
// every Append, so that the file is whole when the process dies.
type WAVWriter struct {
	file     *os.File
	channels int
	bytes    int64
	buf      []byte
}

// CreateWAV creates the file; one that is there is overwritten.
func CreateWAV(path string, rate, channels int) (*WAVWriter, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if _, err := f.Write(wavHead(rate, channels)); err != nil {
		return nil, errors.Join(fmt.Errorf("media: %w", err), f.Close())
	}
	return &WAVWriter{file: f, channels: channels}, nil
}

func wavHead(rate, channels int) []byte {
	h := make([]byte, 0, wavHeader)
	h = append(h, "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"...)
	h = binary.LittleEndian.AppendUint16(h, wavPCM)
	h = binary.LittleEndian.AppendUint16(h, uint16(channels))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate*channels*2))
	h = binary.LittleEndian.AppendUint16(h, uint16(channels*2))
	h = binary.LittleEndian.AppendUint16(h, 16)
	return append(h, "data\x00\x00\x00\x00"...)
}

// Append writes samples, of several channels in turn, and then the sizes.
func (w *WAVWriter) Append(samples []int16) error {
	if len(samples) == 0 {
		return nil
	}
	if w.bytes+int64(2*len(samples)) > 1<<32-wavHeader {
		return badWAV("%s is full: 4 GiB", w.file.Name())
	}
	w.buf = w.buf[:0]
	for _, s := range samples {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
	}
	// Samples first: the sizes never promise what is not there.
	if _, err := w.file.WriteAt(w.buf, wavHeader+w.bytes); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	w.bytes += int64(len(w.buf))
	var size [4]byte
	binary.LittleEndian.PutUint32(size[:], uint32(w.bytes+wavHeader-8))
	_, err1 := w.file.WriteAt(size[:], 4)
	binary.LittleEndian.PutUint32(size[:], uint32(w.bytes))
	_, err2 := w.file.WriteAt(size[:], wavHeader-4)
	return errors.Join(err1, err2)
}

// Close closes the file.
func (w *WAVWriter) Close() error { return w.file.Close() }

// WriteWAVFile writes a whole mono file.
func WriteWAVFile(path string, rate int, samples []int16) error {
	w, err := CreateWAV(path, rate, 1)
	if err != nil {
		return err
	}
	return errors.Join(w.Append(samples), w.Close())
}
