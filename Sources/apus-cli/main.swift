internal import Glibc

installSignalHandlers()
exit(runCommand(Array(CommandLine.arguments.dropFirst())))
