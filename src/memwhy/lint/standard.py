"""What the standard library's functions give, as far as resources come out of them or go through them (pkg.go.dev/std).

Written as `package.Function: result, result` and `package.Type.Method: …`; types with their packages' full paths.
"""

from functools import cache

_RESULTS = """
net/http.Get net/http.Head net/http.Post net/http.PostForm: *net/http.Response, error
net/http.Client.Do net/http.Client.Get net/http.Client.Head net/http.Client.Post net/http.Client.PostForm: *net/http.Response, error
net/http.Transport.RoundTrip net/http.RoundTripper.RoundTrip: *net/http.Response, error
net/http.ReadResponse: *net/http.Response, error
net/http.NewRequest net/http.NewRequestWithContext: *net/http.Request, error
net/http.Request.Context: context.Context
net/http.Request.WithContext net/http.Request.Clone: *net/http.Request
net/http.Transport.Clone: *net/http.Transport
net/http/httptest.ResponseRecorder.Result: *net/http.Response
net/http/httptest.NewServer net/http/httptest.NewTLSServer: *net/http/httptest.Server
net/http/httptest.Server.Client: *net/http.Client
net/http/httptest.NewRecorder: *net/http/httptest.ResponseRecorder
database/sql.Open: *database/sql.DB, error
database/sql.OpenDB: *database/sql.DB
database/sql.DB.Query database/sql.DB.QueryContext database/sql.Tx.Query database/sql.Tx.QueryContext: *database/sql.Rows, error
database/sql.Conn.QueryContext database/sql.Stmt.Query database/sql.Stmt.QueryContext: *database/sql.Rows, error
database/sql.DB.Prepare database/sql.DB.PrepareContext database/sql.Tx.Prepare database/sql.Tx.PrepareContext: *database/sql.Stmt, error
database/sql.Conn.PrepareContext: *database/sql.Stmt, error
database/sql.Tx.Stmt database/sql.Tx.StmtContext: *database/sql.Stmt
database/sql.DB.Begin database/sql.DB.BeginTx database/sql.Conn.BeginTx: *database/sql.Tx, error
database/sql.DB.Conn: *database/sql.Conn, error
database/sql.DB.QueryRow database/sql.DB.QueryRowContext database/sql.Tx.QueryRow: *database/sql.Row
os.Open os.OpenFile os.Create os.CreateTemp: *os.File, error
io/ioutil.TempFile: *os.File, error
os.NewFile: *os.File
os.Pipe: *os.File, *os.File, error
os.OpenRoot: *os.Root, error
io/fs.FS.Open: io/fs.File, error
io.Pipe: *io.PipeReader, *io.PipeWriter
net.Dial net.DialTimeout net.Dialer.Dial net.Dialer.DialContext: net.Conn, error
net.DialTCP: *net.TCPConn, error
net.DialUDP net.ListenUDP: *net.UDPConn, error
net.DialUnix: *net.UnixConn, error
net.Listen net.ListenConfig.Listen: net.Listener, error
net.ListenTCP: *net.TCPListener, error
net.ListenUnix: *net.UnixListener, error
net.ListenPacket net.ListenConfig.ListenPacket: net.PacketConn, error
net.Listener.Accept net.TCPListener.Accept: net.Conn, error
net.TCPListener.AcceptTCP: *net.TCPConn, error
crypto/tls.Dial crypto/tls.DialWithDialer: *crypto/tls.Conn, error
crypto/tls.Client crypto/tls.Server: *crypto/tls.Conn
crypto/tls.Listen: net.Listener, error
archive/zip.OpenReader: *archive/zip.ReadCloser, error
compress/gzip.NewReader: *compress/gzip.Reader, error
compress/gzip.NewWriter: *compress/gzip.Writer
compress/gzip.NewWriterLevel: *compress/gzip.Writer, error
compress/zlib.NewReader compress/zlib.NewReaderDict: io.ReadCloser, error
compress/zlib.NewWriter: *compress/zlib.Writer
compress/flate.NewReader compress/flate.NewReaderDict: io.ReadCloser
compress/flate.NewWriter: *compress/flate.Writer, error
time.NewTicker: *time.Ticker
time.NewTimer time.AfterFunc: *time.Timer
time.Tick time.After: chan time.Time
context.Background context.TODO: context.Context
context.WithCancel context.WithTimeout context.WithDeadline: context.Context, context.CancelFunc
context.WithCancelCause context.WithTimeoutCause context.WithDeadlineCause: context.Context, context.CancelFunc
context.WithValue context.WithoutCancel: context.Context
os/signal.NotifyContext: context.Context, context.CancelFunc
runtime/cgo.NewHandle: runtime/cgo.Handle
os/exec.Command os/exec.CommandContext: *os/exec.Cmd
os/exec.Cmd.StdoutPipe os/exec.Cmd.StderrPipe: io.ReadCloser, error
os/exec.Cmd.StdinPipe: io.WriteCloser, error
io.NopCloser io/ioutil.NopCloser: io.ReadCloser
io.ReadAll io/ioutil.ReadAll: []byte, error
bufio.NewReader bufio.NewReaderSize: *bufio.Reader
bufio.NewScanner: *bufio.Scanner
bufio.NewWriter bufio.NewWriterSize: *bufio.Writer
encoding/json.NewDecoder: *encoding/json.Decoder
fmt.Errorf errors.New errors.Join errors.Unwrap: error
syscall.Mmap: []byte, error
"""

_FIELDS = {
    "net/http.Response.Body": "io.ReadCloser",
    "net/http.Request.Body": "io.ReadCloser",
    "net/http.Response.Request": "*net/http.Request",
    "net/http.Client.Transport": "net/http.RoundTripper",
    "archive/zip.ReadCloser.Reader": "archive/zip.Reader",
    "time.Ticker.C": "chan time.Time",
    "time.Timer.C": "chan time.Time",
    "net/http/httptest.Server.Listener": "net.Listener",
}

_VARIABLES = {
    "net/http.DefaultClient": "*net/http.Client",
    "net/http.DefaultTransport": "net/http.RoundTripper",
    "os.Stdin": "*os.File",
    "os.Stdout": "*os.File",
    "os.Stderr": "*os.File",
    "io.EOF": "error",
}

VIEWS = frozenset(
    [
        "bufio.NewReader",
        "bufio.NewReaderSize",
        "bufio.NewScanner",
        "bufio.NewWriter",
        "bufio.NewWriterSize",
        "bufio.NewReadWriter",
        "io.LimitReader",
        "io.TeeReader",
        "io.MultiReader",
        "io.MultiWriter",
        "io.NewSectionReader",
        "io.NopCloser",
        "io/ioutil.NopCloser",
        "io.NewOffsetWriter",
        "encoding/json.NewDecoder",
        "encoding/json.NewEncoder",
        "encoding/xml.NewDecoder",
        "encoding/xml.NewEncoder",
        "encoding/gob.NewDecoder",
        "encoding/gob.NewEncoder",
        "encoding/csv.NewReader",
        "encoding/csv.NewWriter",
        "encoding/base64.NewDecoder",
        "encoding/hex.NewDecoder",
        "compress/gzip.NewReader",
        "compress/gzip.NewWriter",
        "compress/gzip.NewWriterLevel",
        "compress/zlib.NewReader",
        "compress/zlib.NewWriter",
        "compress/flate.NewReader",
        "compress/flate.NewWriter",
        "compress/bzip2.NewReader",
        "compress/lzw.NewReader",
        "archive/tar.NewReader",
        "archive/tar.NewWriter",
        "archive/zip.NewReader",
        "archive/zip.NewWriter",
        "mime/multipart.NewReader",
        "mime/multipart.NewWriter",
        "image.NewReader",
        "net/textproto.NewReader",
        "net/textproto.NewWriter",
        "text/tabwriter.NewWriter",
        "log.New",
        "log/slog.NewTextHandler",
        "log/slog.NewJSONHandler",
        "unsafe.Slice",
        "unsafe.String",
        "unsafe.Add",
        "context.WithValue",
        "context.WithCancel",
        "context.WithTimeout",
        "context.WithDeadline",
    ]
)
"""Functions whose result reads or writes through an argument without owning it: whoever keeps the result keeps the argument."""

SAME = frozenset(["net/http.MaxBytesReader", "crypto/tls.Client", "crypto/tls.Server", "crypto/tls.NewListener"])
"""Functions whose result is an argument in another coat: to close it is to close that."""

CLOSERS = frozenset(
    [
        "io.Closer",
        "io.ReadCloser",
        "io.WriteCloser",
        "io.ReadWriteCloser",
        "io.ReadSeekCloser",
        "net.Conn",
        "net.Listener",
    ]
)
"""Types of values that whoever gets them is to close."""

OWNERS = frozenset(
    [
        "net/http.NewRequest",
        "net/http.NewRequestWithContext",
        "net/http.Post",
        "net/http.Client.Post",
        "net/http.Serve",
        "net/http.ServeTLS",
        "net/http.Server.Serve",
        "net/http.Server.ServeTLS",
        "net/textproto.NewConn",
        "net/smtp.NewClient",
        "net/rpc.NewClient",
        "net/rpc.ServeConn",
        "net/rpc.Accept",
        "net/rpc/jsonrpc.NewClient",
        "net/rpc/jsonrpc.ServeConn",
        "net/rpc.Server.ServeConn",
        "net/http/fcgi.Serve",
        "log.SetOutput",
        "runtime.SetFinalizer",
        "runtime.AddCleanup",
        "os/signal.Notify",
        "net/http/httputil.NewClientConn",
        "context.AfterFunc",
        "database/sql.OpenDB",
        "runtime/trace.Start",
        "runtime/pprof.StartCPUProfile",
    ]
)
"""Functions that take over what they are given: it is closed by them, by what they return, or never before the program ends."""

KEEPERS = frozenset(
    [
        "sync.Pool.Put",
        *(f"sync.Map.{name}" for name in ("Store", "LoadOrStore", "Swap", "CompareAndSwap")),
        *(
            f"sync/atomic.{type}.{name}"
            for type in ("Value", "Pointer")
            for name in ("Store", "Swap", "CompareAndSwap")
        ),
        *(f"container/list.List.{name}" for name in ("PushBack", "PushFront", "InsertBefore", "InsertAfter")),
        "container/heap.Push",
    ]
)
"""Functions that keep what they are given for whoever asks for it next."""

COLLECTED_TIMERS = (1, 23)
"""Go language version from which timers and tickers that nobody holds are collected (go.dev/doc/go1.23, Timer changes)."""


@cache
def _results() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _RESULTS.strip().splitlines():
        names, _, results = line.partition(": ")
        for name in names.split():
            found[name] = tuple(results.split(", "))
    return found


def results(name: str) -> tuple[str, ...] | None:
    """The result types of a function or method of the standard library; None where they are not in the table."""
    return _results().get(name)


def field(type_and_name: str) -> str:
    """The type of a field, "" where it is not in the table."""
    return _FIELDS.get(type_and_name, "")


def variable(name: str) -> str:
    """The type of a package's variable, "" where it is not in the table."""
    return _VARIABLES.get(name, "")


def is_standard(path: str) -> bool:
    """Whether an import path is the standard library's: its first element has no dot (go help importpath)."""
    return "." not in path.partition("/")[0]
