module example.com/reader_datadog_import

go 1.21

require github.com/DataDog/zstd v1.5.6
