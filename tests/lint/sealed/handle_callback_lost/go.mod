module example.com/handle_callback_lost

go 1.22
