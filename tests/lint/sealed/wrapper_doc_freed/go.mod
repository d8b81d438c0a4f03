module example.com/wrapper_doc_freed

go 1.20

require github.com/moovweb/gokogiri v0.0.0-20180713195410-a1a828153468
