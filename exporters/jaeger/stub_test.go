package jaeger
