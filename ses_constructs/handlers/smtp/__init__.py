"""What only the functions of SMTP credentials need."""
