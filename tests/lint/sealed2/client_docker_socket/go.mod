module example.com/client_docker_socket

go 1.22
