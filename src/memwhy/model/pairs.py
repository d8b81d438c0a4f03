"""What gives back what a C function made: pairs from the libraries' own manuals, named where a stack shows the first.

A name ends the search from the program's side inwards, so that of `htmlReadMemory ← xmlNewDoc ← malloc` the first counts:
what was called by the program is what its authors have to release.
"""

import re
from collections.abc import Iterable

_PAIRS: tuple[tuple[str, str, str], ...] = (
    # libxml2: gnome.pages.gitlab.gnome.org/libxml2, modules parser, HTMLparser, tree, xpath, xmlreader, xmlschemas
    (r"(?:xml|html)(?:Ctxt)?Read(?:Memory|Doc|File|Fd|IO)", "xmlFreeDoc", "libxml2"),
    (r"(?:xml|html)(?:SAX)?Parse(?:Memory|Doc|File|Entity)", "xmlFreeDoc", "libxml2"),
    (r"(?:xml|html)NewDoc(?:NoDtD)?|xmlCopyDoc|xmlNewDoc", "xmlFreeDoc", "libxml2"),
    (r"xmlXPathNewContext", "xmlXPathFreeContext", "libxml2"),
    (r"xmlXPath(?:Eval|CompiledEval)\w*", "xmlXPathFreeObject", "libxml2"),
    (r"xmlXPath(?:Ctxt)?Compile", "xmlXPathFreeCompExpr", "libxml2"),
    (r"xmlReaderFor\w+|xmlNewTextReader\w*", "xmlFreeTextReader (its document apart: xmlFreeDoc)", "libxml2"),
    (r"xmlNew(?:SAX)?ParserCtxt|xmlCreate\w*ParserCtxt", "xmlFreeParserCtxt", "libxml2"),
    (r"htmlNewParserCtxt|htmlCreate\w*ParserCtxt", "htmlFreeParserCtxt", "libxml2"),
    (r"xmlSchemaParse", "xmlSchemaFree", "libxml2"),
    (r"xmlNode(?:List)?GetContent|xmlNodeListGetString|xmlGet(?:Ns|No)?Prop|xmlNodeGetBase", "xmlFree", "libxml2"),
    (r"xmlDocDump\w+|htmlDocDump\w+|xmlStrn?dup|xmlStrcat", "xmlFree", "libxml2"),
    (r"xmlBufferCreate\w*", "xmlBufferFree", "libxml2"),
    (r"xsltParseStylesheet\w*", "xsltFreeStylesheet", "libxslt"),
    (r"xsltApplyStylesheet\w*", "xmlFreeDoc", "libxslt"),
    # SQLite: sqlite.org/c3ref
    (r"sqlite3_prepare(?:16)?(?:_v[23])?", "sqlite3_finalize", "sqlite.org/c3ref"),
    (r"sqlite3_open(?:16|_v2)?", "sqlite3_close", "sqlite.org/c3ref"),
    (r"sqlite3_blob_open", "sqlite3_blob_close", "sqlite.org/c3ref"),
    (r"sqlite3_backup_init", "sqlite3_backup_finish", "sqlite.org/c3ref"),
    (r"sqlite3_(?:v?mprintf|malloc(?:64)?|serialize|expanded_sql)", "sqlite3_free", "sqlite.org/c3ref"),
    (r"sqlite3_get_table", "sqlite3_free_table", "sqlite.org/c3ref"),
    # PostgreSQL's and MySQL's clients: libpq, "Command Execution Functions"; MySQL C API
    (r"PQexec\w*|PQgetResult|PQprepare", "PQclear", "libpq"),
    (r"PQconnect\w*|PQsetdb\w*", "PQfinish", "libpq"),
    (r"mysql_(?:store|use)_result", "mysql_free_result", "MySQL C API"),
    (r"mysql_stmt_init", "mysql_stmt_close", "MySQL C API"),
    (r"mysql_init", "mysql_close", "MySQL C API"),
    # OpenSSL: the manual page of each function
    (r"EVP_(MD|CIPHER|PKEY|MAC|KDF|ENCODE)_CTX_(?:new\w*|create)", r"EVP_\1_CTX_free", "EVP_*(3ossl)"),
    (r"EVP_(\w+)_(?:fetch|new\w*)", r"EVP_\1_free", "EVP_*(3ossl)"),
    (r"(SSL|SSL_CTX|BIO|BN|BN_CTX|RSA|DSA|DH|EC_KEY|X509|X509_STORE|X509_STORE_CTX|HMAC_CTX|SSL_SESSION)_new\w*", r"\1_free", "openssl(7)"),
    (r"(?:PEM_read\w*|d2i)_X509", "X509_free", "openssl(7)"),
    (r"(?:PEM_read\w*|d2i)_(?:PrivateKey|PUBKEY)", "EVP_PKEY_free", "openssl(7)"),
    # curl: curl.se/libcurl/c
    (r"curl_easy_init|curl_easy_duphandle", "curl_easy_cleanup", "curl.se/libcurl/c"),
    (r"curl_multi_init", "curl_multi_cleanup", "curl.se/libcurl/c"),
    (r"curl_slist_append", "curl_slist_free_all", "curl.se/libcurl/c"),
    (r"curl_easy_(?:un)?escape", "curl_free", "curl.se/libcurl/c"),
    (r"curl_mime_init", "curl_mime_free", "curl.se/libcurl/c"),
    # libgit2: libgit2.org/docs/reference
    (r"git_(repository|index|odb|config)_(?:open|init|clone|new)\w*", r"git_\1_free", "libgit2"),
    (r"git_clone", "git_repository_free", "libgit2"),
    (r"git_(\w+?)_(?:lookup|new|create|dup|list_new)\w*", r"git_\1_free", "libgit2"),
    (r"git_diff_\w+_to_\w+", "git_diff_free", "libgit2"),
    # pictures: the libraries' manuals
    (r"png_create_read_struct\w*", "png_destroy_read_struct", "libpng"),
    (r"png_create_write_struct\w*", "png_destroy_write_struct", "libpng"),
    (r"jpeg_Create(D|C)ompress|jpeg_create_(?:de)?compress", "jpeg_destroy_decompress or jpeg_destroy_compress", "libjpeg"),
    (r"tjInit\w*|tj3Init", "tjDestroy", "libjpeg-turbo"),
    (r"vips_\w+(?:load|new)\w*", "g_object_unref", "libvips"),
    (r"New(Magick|Pixel|Drawing)Wand|CloneMagickWand", "DestroyMagickWand (DestroyPixelWand, DestroyDrawingWand)", "MagickWand"),
    (r"(?:Read|Ping|Blob|Clone|Resize|Acquire)\w*Image\w*", "DestroyImage", "MagickCore"),
    (r"gdImageCreate\w*", "gdImageDestroy", "libgd"),
    (r"WebPDecode\w*|WebPEncode\w*", "WebPFree", "libwebp"),
    (r"TIFFOpen|TIFFClientOpen", "TIFFClose", "libtiff"),
    (r"avformat_open_input", "avformat_close_input", "FFmpeg"),
    (r"avcodec_alloc_context3", "avcodec_free_context", "FFmpeg"),
    (r"av_frame_alloc", "av_frame_free", "FFmpeg"),
    (r"av_packet_alloc", "av_packet_free", "FFmpeg"),
    (r"cairo_(\w*surface|pattern)_create\w*|cairo_create", "cairo_destroy (cairo_surface_destroy, cairo_pattern_destroy)", "cairo"),
    # compression: the headers zstd.h, zlib.h, bzlib.h, lzma/base.h, brotli/{encode,decode}.h, lz4frame.h
    (r"ZSTD_create(\w+)", r"ZSTD_free\1", "zstd.h"),
    (r"deflateInit2?_?", "deflateEnd", "zlib.h"),
    (r"inflateInit2?_?", "inflateEnd", "zlib.h"),
    (r"gzd?open\w*", "gzclose", "zlib.h"),
    (r"BZ2_bzCompressInit", "BZ2_bzCompressEnd", "bzlib.h"),
    (r"BZ2_bzDecompressInit", "BZ2_bzDecompressEnd", "bzlib.h"),
    (r"lzma_(?:easy_|stream_|auto_|alone_)?(?:de|en)coder\w*", "lzma_end", "lzma/base.h"),
    (r"Brotli(En|De)coderCreateInstance", r"Brotli\1coderDestroyInstance", "brotli"),
    (r"LZ4F_create(\w+)Context", r"LZ4F_free\1Context", "lz4frame.h"),
    # stores and queues
    (r"rd_kafka_(queue|topic|conf|topic_conf)_new\w*", r"rd_kafka_\1_destroy", "rdkafka.h"),
    (r"rd_kafka_(topic_partition_list|headers)_new", r"rd_kafka_\1_destroy", "rdkafka.h"),
    (r"rd_kafka_new", "rd_kafka_destroy", "rdkafka.h"),
    (r"rd_kafka_consume(?:r_poll)?", "rd_kafka_message_destroy", "rdkafka.h"),
    (r"rocksdb_(\w+?)_create\w*|rocksdb_create_(iterator|snapshot)", "the rocksdb_*_destroy that belongs to it", "rocksdb/c.h"),
    (r"rocksdb_get\w*|leveldb_get", "rocksdb_free (leveldb_free)", "rocksdb/c.h"),
    (r"rocksdb_open\w*", "rocksdb_close", "rocksdb/c.h"),
    (r"leveldb_open", "leveldb_close", "leveldb/c.h"),
    (r"mdb_txn_begin", "mdb_txn_abort or mdb_txn_commit", "lmdb.h"),
    (r"mdb_cursor_open", "mdb_cursor_close", "lmdb.h"),
    (r"redis(?:v?Append)?Command\w*|redisGetReply", "freeReplyObject", "hiredis"),
    (r"zmq_msg_init\w*", "zmq_msg_close", "libzmq"),
    # glib, JSON, regular expressions, Lua, Python
    (r"g_(object|hash_table|array|ptr_array|byte_array|bytes|variant|main_loop|error|regex)_new\w*", r"g_\1_unref (or g_\1_free)", "GLib"),
    (r"g_str(?:n?dup\w*|join\w*|concat)|g_(?:build_)?filename\w*", "g_free", "GLib"),
    (r"cJSON_(?:Parse\w*|Create\w+|Duplicate)", "cJSON_Delete", "cJSON"),
    (r"json_(?:loads?\w*|object|array|pack\w*|deep_copy)", "json_decref", "jansson"),
    (r"json_(?:tokener_parse|object_new)\w*", "json_object_put", "json-c"),
    (r"yaml_(parser|emitter)_initialize", r"yaml_\1_delete", "libyaml"),
    (r"XML_ParserCreate\w*", "XML_ParserFree", "expat"),
    (r"pcre2_compile\w*", "pcre2_code_free", "pcre2api(3)"),
    (r"pcre2_match_data_create\w*", "pcre2_match_data_free", "pcre2api(3)"),
    (r"pcre_(?:compile|study)2?", "pcre_free", "pcreapi(3)"),
    (r"regcomp", "regfree", "regcomp(3)"),
    (r"luaL?_newstate", "lua_close", "Lua"),
    (r"archive_read_new", "archive_read_free", "libarchive"),
    (r"archive_write_new", "archive_write_free", "libarchive"),
    (r"pcap_open\w*", "pcap_close", "pcap(3pcap)"),
    (r"event_base_new\w*", "event_base_free", "libevent"),
    (r"evbuffer_new", "evbuffer_free", "libevent"),
    (r"ucnv_open\w*", "ucnv_close", "ICU"),
    (r"iconv_open", "iconv_close", "iconv_open(3)"),
    (r"TF_New(Tensor|Graph|Session|Status)|TF_AllocateTensor", "the TF_Delete* that belongs to it", "TensorFlow C API"),
    # the C library: the manual page of each
    (r"getaddrinfo", "freeaddrinfo", "getaddrinfo(3)"),
    (r"getifaddrs", "freeifaddrs", "getifaddrs(3)"),
    (r"fopen(?:64)?|fdopen|tmpfile|open_memstream|fmemopen", "fclose", "fopen(3)"),
    (r"popen", "pclose", "popen(3)"),
    (r"f?opendir", "closedir", "opendir(3)"),
    (r"dl(?:m?open)", "dlclose", "dlopen(3)"),
    (r"setlocale|newlocale|duplocale", "freelocale", "newlocale(3)"),
    (r"pthread_create", "pthread_join or pthread_detach", "pthread_create(3)"),
    (r"sem_open", "sem_close", "sem_open(3)"),
    (r"CString|CBytes", "C.free", "cmd/cgo"),
    (r"_?C?malloc|calloc|realloc(?:array)?|strn?dup|v?asprintf|getline|getdelim|realpath|posix_memalign|aligned_alloc|memalign|valloc|scandir|get_current_dir_name", "free", "malloc(3)"),
    (r"operator new(?:\[\])?(?:\(.*\))?|_Zn[wa]m", "delete, or a smart pointer", "C++"),
    (r"mmap(?:64)?", "munmap", "mmap(2)"),
)  # fmt: skip
"""Function (a whole name), what releases what it returns, and where that is written."""

_LONGEST = 200
_COMPILED = tuple((re.compile(made), released) for made, released, _ in _PAIRS)


def release_of(functions: Iterable[str]) -> str:
    """What belongs to the first of these functions that the table knows, from the program's side inwards; "" for none."""
    for function in functions:
        for made, released in _COMPILED:
            if match := made.fullmatch(function[:_LONGEST]):
                return match.expand(released) if "\\" in released else released
    return ""
