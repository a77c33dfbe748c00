"""Tables 3, 4 and 5 and Figure 7 of the paper: classification on ImageNet."""
