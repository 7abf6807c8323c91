int cmd_show(int argc, char **argv);
