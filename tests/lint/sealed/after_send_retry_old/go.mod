module example.com/after_send_retry_old

go 1.22
