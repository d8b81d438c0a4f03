module example.com/defer_job_deadline

go 1.21
