int nd_stub(void);
