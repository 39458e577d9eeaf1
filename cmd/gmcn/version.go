package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name:  "version",
	brief: "say which version this is",
	help: `Example:
  gmcn version`,
	run: func(c *call) error {
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		version := "unknown"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
			version = info.Main.Version
		}
		fmt.Fprintf(c.out, "gmcn %s, protocol gmcn/1, %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	},
}
