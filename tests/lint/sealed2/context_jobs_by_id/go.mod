module example.com/context_jobs_by_id

go 1.22
