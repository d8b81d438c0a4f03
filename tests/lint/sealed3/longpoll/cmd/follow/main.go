package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"example.com/longpoll"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	src := longpoll.NewSource(os.Args[1], http.DefaultClient)
	defer src.Stop()
	for {
		data, err := src.Next(ctx)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		fmt.Println(data)
	}
}
