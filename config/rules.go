package config

func (r *resolver) endpoints() {}

func (r *resolver) across(cfg *Config) {}
