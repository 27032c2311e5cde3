#pragma once

// Which of the versions of the loops under CLONES runs here: "x86-64-v4", "x86-64-v3", "default".
const char *cpu_clone_name(void);
