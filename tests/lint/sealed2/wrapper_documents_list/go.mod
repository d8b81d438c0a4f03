module example.com/wrapper_documents_list

go 1.22
