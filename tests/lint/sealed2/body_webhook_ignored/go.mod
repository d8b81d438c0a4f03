module example.com/body_webhook_ignored

go 1.21
