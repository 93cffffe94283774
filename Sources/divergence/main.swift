print("divergence")
