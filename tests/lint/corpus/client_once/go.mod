module example.com/client_once

go 1.21
