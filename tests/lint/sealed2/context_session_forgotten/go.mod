module example.com/context_session_forgotten

go 1.22
