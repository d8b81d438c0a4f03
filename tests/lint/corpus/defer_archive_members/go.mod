module example.com/defer_archive_members

go 1.21
