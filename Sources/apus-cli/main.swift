internal import Glibc

openStandardStreams()
installSignalHandlers()
exit(runCommand(Array(CommandLine.arguments.dropFirst())))
